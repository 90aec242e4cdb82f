import { Injectable } from '@nestjs/common';
import { Turns } from '../../platform/http/index.js';

// Each export keeps one of the API's ten connections for as long as its reader takes.
const SLOTS = 3;

/** Lets a few exports run at the same time and the others wait, so that slow readers never take the API's last connection. */
@Injectable()
export class ExportSlots extends Turns {
  constructor() {
    super(SLOTS);
  }
}
