/** What a handler of task events is told. Reserved here so that `Queue<P>` tells event handlers from task handlers. */
export abstract class TaskEvent<R = unknown> {
  abstract readonly taskId: string;
  abstract readonly result?: R;
}
