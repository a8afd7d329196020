import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, Length, Max, Min } from 'class-validator';

export class CityQuery {
  @ApiProperty({ example: 'Lisb' })
  @Length(2, 100)
  readonly name!: string;

  @ApiProperty({ required: false, default: 10 })
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(100)
  readonly limit: number = 10;
}
