import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsDate, IsInt, IsOptional, Length, Max, Min } from 'class-validator';

export class RetryDeadDto {
  @ApiProperty({ required: false, example: 'deliver', description: 'tasks of this name only' })
  @IsOptional()
  @Length(1, 128)
  readonly name?: string;

  @ApiProperty({ required: false, description: 'tasks that died then or later' })
  @IsOptional()
  @Type(() => Date)
  @IsDate()
  readonly since?: Date;

  @ApiProperty({ required: false, default: 1_000, description: 'at most so many' })
  @IsInt()
  @Min(1)
  @Max(10_000)
  readonly limit: number = 1_000;

  @ApiProperty({ required: false, default: 10, description: 'how many of them begin in a second' })
  @IsInt()
  @Min(1)
  @Max(1_000)
  readonly perSecond: number = 10;
}
