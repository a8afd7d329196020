import { ApiProperty } from '@nestjs/swagger';
import { IsEmail, Length } from 'class-validator';
import type { Duration } from 'nestjs-depot';
import { IsDuration } from '../config/duration.validator.js';

export class OfferDto {
  @ApiProperty({ example: 'ann@friends.example' })
  @IsEmail()
  readonly to!: string;

  @ApiProperty({ example: 'Two cards for the price of one, in the next hour.' })
  @Length(1, 500)
  readonly text!: string;

  @ApiProperty({ example: '1h', description: 'what is not sent by then is not sent at all' })
  @IsDuration()
  readonly validFor!: Duration;
}
