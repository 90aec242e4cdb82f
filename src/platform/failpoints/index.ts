export { armFaults, failpoint, faultsOf, InjectedFault, parseFaults, passesOf, type Fault, type FaultAction } from './failpoints.js';
