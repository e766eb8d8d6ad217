import { WebHooks } from "../../../../src/apps/webhooks/web-hooks.ts";
import { FakePoster } from "../../../support/fake-poster.ts";
import { ManagedWorld } from "../../manager/managed-world.ts";

/** Lets everything that promises hold up happen. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await Promise.resolve();
}

/** A manager with webhooks, its machine and its receivers fake. Disposing it stops it, and fails the test if anything is left. */
export class HookedWorld implements AsyncDisposable {
  readonly world: ManagedWorld = new ManagedWorld();
  readonly poster: FakePoster = new FakePoster();
  readonly warnings: string[] = [];
  readonly infos: string[] = [];
  readonly hooks: WebHooks;

  constructor() {
    this.hooks = new WebHooks({
      poster: this.poster,
      clock: this.world.clock,
      warn: (text) => this.warnings.push(text),
      info: (text) => this.infos.push(text),
      userAgent: "gaffer/1.2.3",
      epoch: "e0",
    });
  }

  /** A world whose manager runs. */
  static async started(): Promise<HookedWorld> {
    const hooked = new HookedWorld();
    await hooked.world.manager.start([hooked.hooks]);
    return hooked;
  }

  /** Loads a job that is not started: one event. */
  async load(name: string): Promise<void> {
    this.world.load({ name }, { start: false });
    await settle();
  }

  /** Kinds and jobs of what was posted. */
  get posted(): string[] {
    return this.poster.posts.map(({ request }) => {
      const { event, name } = JSON.parse(request.body);
      return `${event} ${name}`;
    });
  }

  /** Answers the request under way. */
  async answer(status: number, retryAfter?: string): Promise<void> {
    this.poster.last.answer(status, retryAfter);
    await settle();
  }

  async advance(ms: number): Promise<void> {
    this.world.clock.advance(ms);
    await settle();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.poster.onPost = (post) => post.answer(200);
    for (const post of this.poster.posts) post.answer(200);
    await this.world[Symbol.asyncDispose]();
  }
}
