import { ApiProperty } from '@nestjs/swagger';
import { IsEmail, Length } from 'class-validator';
import type { Duration } from 'nestjs-depot';
import { IsDuration } from '../config/duration.validator.js';

export class ReminderDto {
  @ApiProperty({ example: 'ann@friends.example' })
  @IsEmail()
  readonly to!: string;

  @ApiProperty({ example: 'You wanted to write a postcard to Bob.' })
  @Length(1, 500)
  readonly text!: string;

  @ApiProperty({ example: '2s', description: 'how long from now' })
  @IsDuration()
  readonly after!: Duration;
}
