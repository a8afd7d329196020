import type { CacheableSyncOptions } from 'cacheable';
import { Redis } from 'ioredis';

type MessageProvider = Extract<CacheableSyncOptions['qified'], { readonly subscriptions: unknown }>;
type TopicHandler = Parameters<MessageProvider['subscribe']>[1];
type Message = Parameters<TopicHandler['handler']>[0];

interface Publishing {
  readonly enableOfflineQueue?: boolean;
  readonly commandTimeout?: number;
}

/** How cacheable's processes tell each other what they have set and deleted: PUBLISH and SUBSCRIBE, and nothing else. */
export class PubSub implements MessageProvider {
  readonly id = 'redis';
  readonly subscriptions = new Map<string, TopicHandler[]>();

  private constructor(
    private readonly publisher: Redis,
    private readonly subscriber: Redis,
  ) {
    subscriber.on('message', (topic: string, text: string) => {
      const message = JSON.parse(text) as Message;
      for (const { handler } of this.subscriptions.get(topic) ?? []) void handler(message);
    });
  }

  static async connect(url: string, publishing: Publishing): Promise<PubSub> {
    const connections = [new Redis(url, publishing), new Redis(url)] as const;
    // It is taken away on purpose.
    for (const one of connections) one.on('error', () => undefined);
    await Promise.all(connections.map((one) => new Promise((resolve) => one.once('ready', resolve))));
    return new PubSub(...connections);
  }

  /** Cacheable does not wait for it, so what it rejected with would end the process. */
  async publish(topic: string, message: Omit<Message, 'providerId'>): Promise<void> {
    const text = JSON.stringify({ ...message, providerId: this.id });
    await this.publisher.publish(topic, text).catch(() => undefined);
  }

  async subscribe(topic: string, handler: TopicHandler): Promise<void> {
    this.subscriptions.set(topic, [...(this.subscriptions.get(topic) ?? []), handler]);
    await this.subscriber.subscribe(topic).catch(() => undefined);
  }

  async unsubscribe(topic: string): Promise<void> {
    this.subscriptions.delete(topic);
    await this.subscriber.unsubscribe(topic);
  }

  async disconnect(): Promise<void> {
    this.publisher.disconnect();
    this.subscriber.disconnect();
  }
}
