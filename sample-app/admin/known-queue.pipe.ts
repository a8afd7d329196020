import { Injectable, NotFoundException, type PipeTransform } from '@nestjs/common';
import { QueueService, type Queue } from 'nestjs-depot';

/** Turns the name of a queue into the queue; 404 when there is none. */
@Injectable()
export class KnownQueue implements PipeTransform<string, Queue> {
  constructor(private readonly queues: QueueService) {}

  transform(name: string): Queue {
    const all = this.queues.all();
    const found = all.find((queue) => queue.name === name);
    if (found) return found;
    const names = all.map((queue) => queue.name).join(', ');
    throw new NotFoundException(`there is no queue "${name}"; there are: ${names}`);
  }
}
