import { ApiProperty } from '@nestjs/swagger';

/** The answer to a request whose work is done later. */
export class AcceptedTask {
  @ApiProperty({ description: 'id of the task' })
  readonly id: string;

  @ApiProperty({ description: 'where to ask how it goes', example: '/tasks/…' })
  readonly url: string;

  constructor(task: { readonly id: string }) {
    this.id = task.id;
    this.url = `/tasks/${encodeURIComponent(task.id)}`;
  }
}
