import { ApiProperty } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsEmail,
  IsInt,
  IsOptional,
  IsString,
  Matches,
  Max,
  Min,
} from 'class-validator';

export class ReportDto {
  @ApiProperty({ example: 'pt-lisbon', description: 'the city that distances are measured from' })
  @IsString()
  readonly from!: string;

  @ApiProperty({ required: false, type: [String], example: ['PT', 'ES'], description: 'all, when left out' })
  @IsOptional()
  @ArrayMaxSize(250)
  @ArrayUnique()
  @Matches(/^[A-Z]{2}$/, { each: true, message: 'each of countries must be two capital letters' })
  readonly countries?: string[];

  @ApiProperty({ required: false, default: 0, description: 'milliseconds to rest after each country' })
  @IsInt()
  @Min(0)
  @Max(1_000)
  readonly restMs: number = 0;

  @ApiProperty({
    required: false,
    example: 'ann@friends.example',
    description: 'hears of it when it is there',
  })
  @IsOptional()
  @IsEmail()
  readonly notify?: string;
}
