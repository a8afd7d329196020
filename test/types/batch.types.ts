/** What producers may add for a batch handler, and what event handlers are. */
import {
  Batch,
  BatchContext,
  BatchResult,
  Ctx,
  OnTask,
  Payload,
  Processor,
  Task,
  TaskEvent,
  type PayloadOf,
  type Queue,
  type ResultOf,
  type TaskName,
} from 'nestjs-depot';
import { exactly, use } from './exactly.js';

interface Doc {
  text: string;
}

@Processor('search')
export class SearchProcessor {
  @Task({ batch: { size: 100, wait: '50ms' } })
  async index(@Payload() docs: Batch<Doc>): Promise<void> {
    use(docs.length);
  }

  @Task({ batch: { size: 100 } })
  async measure(@Ctx() batch: BatchContext<Doc>, @Payload() docs: Batch<Doc>): Promise<BatchResult<number>> {
    const result = new BatchResult<number>();
    batch.items.forEach((item, i) => result.complete(item, docs[i]?.text.length));
    return result;
  }

  @Task({ batch: { size: 100 } })
  async lengths(docs: Batch<Doc>, _batch: BatchContext<Doc>): Promise<(number | Error)[]> {
    return docs.map(({ text }) => (text === '' ? new Error('no text') : text.length));
  }

  @OnTask('dead', { attempts: 3 })
  async gaveUp(event: TaskEvent<void, Doc>): Promise<void> {
    use(event.payload.text);
  }

  // @ts-expect-error there is no such event
  @OnTask('died')
  async wrongEvent(_event: TaskEvent): Promise<void> {}

  // @ts-expect-error there is no such option
  @OnTask('dead', { retries: 3 })
  async wrongOption(_event: TaskEvent): Promise<void> {}

  // @ts-expect-error a batch has a size
  @Task({ batch: { wait: '1s' } })
  async withoutSize(_docs: Batch<Doc>, _batch: BatchContext<Doc>): Promise<void> {}
}

exactly<PayloadOf<SearchProcessor, 'index'>, Doc>(true);
exactly<PayloadOf<SearchProcessor, 'measure'>, Doc>(true);
exactly<ResultOf<SearchProcessor, 'index'>, Awaited<ReturnType<SearchProcessor['index']>>>(true);
exactly<ResultOf<SearchProcessor, 'measure'>, number>(true);
exactly<ResultOf<SearchProcessor, 'lengths'>, number>(true);
exactly<TaskName<SearchProcessor>, 'index' | 'lengths' | 'measure' | 'withoutSize'>(true);

export async function add(search: Queue<SearchProcessor>): Promise<void> {
  await search.add('index', { text: 'one' });
  // @ts-expect-error one document, not many
  await search.add('index', [{ text: 'one' }]);
  // @ts-expect-error an event handler is no task
  await search.add('gaveUp', { text: 'one' });
}
