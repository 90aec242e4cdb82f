import { CompiledContent } from './compiled-content.js';
import { assembleEmail, assemblePush } from './message-assembly.js';
import { RenderBudget, type RenderState } from './render-state.js';
import { compileTemplate } from './template-compiler.js';
import type { TemplateChannel } from './template-fields.js';

const state = (): RenderState => ({ budget: new RenderBudget(), locale: 'en', zone: 'UTC', currency: 'EUR' });

function render(channel: TemplateChannel, content: Record<string, unknown>, context: object): ReturnType<CompiledContent['render']> {
  return new CompiledContent(channel, 'en', content, compileTemplate).render(context, state());
}

describe('a push', () => {
  const content = {
    title: 'Hi {{name}}', body: 'b', imageUrl: '{{#if image}}{{image}}{{/if}}', deepLink: 'shop:{{id}}', data: { coupon: '{{name}}', n: 5, nested: { a: ['{{id}}'] } },
    android: { notification: { title: '{{name}}', notification_count: 2 } },
  };

  it('renders every text, nested ones too, and leaves out what renders to nothing', () => {
    const { fields, failures } = render('push', content, { name: "Tom & Jerry's <3", id: 7 });
    expect(failures).toEqual([]);
    expect(assemblePush(fields)).toEqual({
      title: "Hi Tom & Jerry's <3", body: 'b', deepLink: 'shop:7', data: { coupon: "Tom & Jerry's <3", n: '5', nested: '{"a":["7"]}' },
      android: { notification: { title: "Tom & Jerry's <3", notification_count: 2 } },
    });
  });

  it('names every field that fails', () => {
    expect(render('push', content, { image: 'http://x.example' }).failures).toEqual([
      { path: 'content.en.title', message: 'name has no value and no default' }, { path: 'content.en.imageUrl', message: 'must not be a http: address' },
      { path: 'content.en.deepLink', message: 'id has no value and no default' }, { path: 'content.en.data.coupon', message: 'name has no value and no default' },
      { path: 'content.en.data.nested.a[0]', message: 'id has no value and no default' }, { path: 'content.en.android.notification.title', message: 'name has no value and no default' },
    ]);
  });

  it('that the app draws carries its texts as data', () => {
    const { fields } = render('push', { title: 'a', body: 'b', dataOnly: true, data: { body: 'own' } }, {});
    expect(assemblePush(fields)).toEqual({ dataOnly: true, data: { title: 'a', body: 'own' } });
  });

  it('refuses a title over 200 and a body over 1,000 characters, counted as people count', () => {
    const emoji = '😀'.repeat(200);
    expect(render('push', { title: '{{t}}', body: 'b' }, { t: emoji }).failures).toEqual([]);
    expect(render('push', { title: '{{t}}', body: '{{b}}' }, { t: `${emoji}x`, b: 'x'.repeat(1_001) }).failures.map((f) => f.message)).toEqual([
      'is longer than 200 characters', 'is longer than 1000 characters',
    ]);
  });

  it('never shows an empty title', () => {
    expect(render('push', { title: '{{#if a}}x{{/if}}', body: 'b' }, {}).failures[0]?.message).toBe('renders to nothing');
  });
});

describe('a mail', () => {
  it('keeps its header fields on one line whatever the data say', () => {
    const { fields } = render('email', { subject: 'Re: {{v}}', html: '<p>{{v}}</p>', fromName: '{{v}}' }, { v: 'a\r\nBcc: x@y.example' });
    expect(assembleEmail(fields, 'en', undefined)).toEqual({
      subject: 'Re: a Bcc: x@y.example', fromName: 'a Bcc: x@y.example', html: '<p>a\r\nBcc: x@y.example</p>', text: 'a Bcc: x@y.example',
    });
  });

  it('refuses a reply address that the data make two of', () => {
    const two = render('email', { subject: 'a', html: 'b', replyTo: '{{v}}' }, { v: 'a@x.example, b@x.example' });
    expect(two.failures).toEqual([{ path: 'content.en.replyTo', message: 'is not a mail address' }]);
  });

  it('keeps 500 fuzzed header values on one line', () => {
    const program = compileTemplate('{{v}}', 'header', 'p');
    for (let i = 0; i < 500; i++) {
      const evil = `a${String.fromCharCode(i % 160)}${['\r\n', '\n', '\r', '\0', '\u2028', '\u0085', '\v', '\f'][i % 8]}Bcc: ${i}@x.example`;
      expect(program({ v: evil }, state())).toMatch(/^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]+$/);
    }
  });
});
