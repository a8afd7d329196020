import { ApiProperty } from '@nestjs/swagger';
import { IsOptional, Length } from 'class-validator';

export class PauseDto {
  @ApiProperty({
    required: false,
    example: 'deliver',
    description: 'tasks of this name only; all, when left out',
  })
  @IsOptional()
  @Length(1, 128)
  readonly name?: string;
}
