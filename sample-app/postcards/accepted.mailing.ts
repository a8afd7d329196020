import { ApiProperty } from '@nestjs/swagger';
import { AcceptedTask } from '../tasks/accepted.task.js';

/** The answer to a mailing, of which not everything may have found room. */
export class AcceptedMailing {
  @ApiProperty({ type: [AcceptedTask] })
  readonly accepted!: readonly AcceptedTask[];

  @ApiProperty({
    type: [String],
    description: 'recipients that there was no room for; order them again later',
  })
  readonly refused!: readonly string[];
}
