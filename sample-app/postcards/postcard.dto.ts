import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsEmail, IsString, Length } from 'class-validator';
import { CustomerDto } from '../customers/customer.dto.js';

export class PostcardDto extends CustomerDto {
  @ApiProperty({ example: 'pt-lisbon' })
  @IsString()
  readonly cityId!: string;

  @ApiProperty({ example: 'ann@friends.example' })
  @IsEmail()
  readonly to!: string;

  @ApiProperty({ example: 'The trams are yellow and so are the pastries. Wish you were here!' })
  @Length(1, 240)
  readonly message!: string;

  @ApiProperty({ required: false, default: false, description: 'drawn and mailed before ordinary ones' })
  @IsBoolean()
  readonly express: boolean = false;
}
