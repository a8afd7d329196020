/** A task, as the API shows it. */
export interface TaskView {
  readonly id: string;
  readonly queue: string;
  readonly name: string;
  readonly state: string;
  readonly progress?: { readonly current: number; readonly total: number; readonly status: string };
  readonly attempt: number;
  readonly result?: unknown;
  readonly error?: { readonly name: string; readonly message: string };
  readonly tags: readonly string[];
  readonly enqueuedAt: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
}

export interface Answer<T = unknown> {
  readonly status: number;
  readonly body: T;
  /** In how many seconds it may be worth another try. */
  readonly retryAfter: string | null;
  /** What says which version of it this is. */
  readonly etag: string | null;
}

/** Talks to the app as any other client does. */
export class PostcardsClient {
  constructor(
    private readonly url: string,
    private readonly signal: AbortSignal,
    private readonly adminKey: string,
  ) {}

  get<T = unknown>(path: string): Promise<Answer<T>> {
    return this.send('GET', path);
  }

  /** Asks for what it has already, in that version. */
  getUnless(path: string, etag: string): Promise<Answer> {
    return this.send('GET', path, undefined, { 'if-none-match': etag });
  }

  post<T = unknown>(path: string, body: unknown): Promise<Answer<T>> {
    return this.send('POST', path, body);
  }

  delete(path: string): Promise<Answer> {
    return this.send('DELETE', path);
  }

  /** What only an administrator may. @returns the answer's body */
  async steer<T = unknown>(method: 'GET' | 'POST', path: string): Promise<T> {
    const answer = await this.send<T>(method, path, method === 'POST' ? {} : undefined, {
      'x-admin-key': this.adminKey,
    });
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status}`);
    return answer.body;
  }

  /** Orders work. @returns the id of its task */
  async order(path: string, body: unknown): Promise<string> {
    const answer = await this.post<{ id: string }>(path, body);
    if (answer.status !== 202)
      throw new Error(`POST ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body.id;
  }

  async task(id: string): Promise<TaskView> {
    const answer = await this.get<TaskView>(`/tasks/${encodeURIComponent(id)}`);
    if (answer.status !== 200)
      throw new Error(`GET /tasks/${id}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  private async send<T>(
    method: string,
    path: string,
    body?: unknown,
    more?: Record<string, string>,
  ): Promise<Answer<T>> {
    const signal = AbortSignal.any([this.signal, AbortSignal.timeout(20_000)]);
    const headers = { ...more, ...(body !== undefined && { 'content-type': 'application/json' }) };
    const sent = { method, signal, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
    const response = await fetch(this.url + path, sent);
    const text = await response.text();
    const type = response.headers.get('content-type') ?? '';
    const retryAfter = response.headers.get('retry-after');
    return {
      status: response.status,
      body: (type.includes('json') ? JSON.parse(text) : text) as T,
      retryAfter,
      etag: response.headers.get('etag'),
    };
  }
}
