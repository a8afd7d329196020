import { ApiProperty } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import { IsDate, IsIn, IsInt, IsOptional, IsString, Length, Max, Min } from 'class-validator';
import { TASK_STATES, type TaskState } from 'nestjs-depot';

export class SearchQuery {
  @ApiProperty({ required: false, isArray: true, enum: TASK_STATES, description: 'all, when left out' })
  @IsOptional()
  @Transform(({ value }: { value: unknown }): unknown => (Array.isArray(value) ? value : [value]))
  @IsIn(TASK_STATES, { each: true })
  readonly state?: TaskState[];

  @ApiProperty({ required: false, example: 'deliver', description: 'the name of the task' })
  @IsOptional()
  @Length(1, 128)
  readonly name?: string;

  @ApiProperty({
    required: false,
    example: 'grand-hotel',
    description: 'a customer, a city, offer or report',
  })
  @IsOptional()
  @Length(1, 64)
  readonly tag?: string;

  @ApiProperty({ required: false, description: 'added then or later' })
  @IsOptional()
  @Type(() => Date)
  @IsDate()
  readonly since?: Date;

  @ApiProperty({ required: false, default: 20 })
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(1_000)
  readonly limit: number = 20;

  @ApiProperty({ required: false, description: 'of the page before' })
  @IsOptional()
  @IsString()
  readonly cursor?: string;
}
