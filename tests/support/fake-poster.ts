import type { HttpPoster, PostAnswer, PostRequest } from "../../src/client/http-poster.ts";

/** One request of a {@link FakePoster}; the test says what is answered. */
export class FakePost {
  readonly request: PostRequest;
  readonly answered: PromiseWithResolvers<PostAnswer> = Promise.withResolvers();

  constructor(request: PostRequest) {
    this.request = request;
    request.signal.addEventListener("abort", () => this.answered.reject(new Error("it was ended")));
  }

  answer(status: number, retryAfter?: string): void {
    this.answered.resolve({ status, retryAfter });
  }

  fail(reason: string): void {
    this.answered.reject(new Error(reason));
  }
}

/** Posts to nobody. */
export class FakePoster implements HttpPoster {
  /** Every request there ever was. */
  readonly posts: FakePost[] = [];
  /** What becomes of a request at once; by default nothing. */
  onPost: (post: FakePost) => void = () => undefined;

  post(request: PostRequest): Promise<PostAnswer> {
    const post = new FakePost(request);
    this.posts.push(post);
    this.onPost(post);
    return post.answered.promise;
  }

  /** The request that was made last. */
  get last(): FakePost {
    const last = this.posts.at(-1);
    if (last === undefined) throw new Error("nothing was posted");
    return last;
  }

  /** What the bodies were, as JSON. */
  get bodies(): unknown[] {
    return this.posts.map(({ request }) => JSON.parse(request.body));
  }
}
