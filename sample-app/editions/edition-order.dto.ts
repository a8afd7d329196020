import { ApiProperty } from '@nestjs/swagger';
import { Length } from 'class-validator';

export class EditionOrderDto {
  @ApiProperty({ example: 'Ann' })
  @Length(1, 100)
  readonly buyer!: string;
}
