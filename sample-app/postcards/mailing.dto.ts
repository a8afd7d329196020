import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, ArrayUnique, IsEmail, IsString, Length } from 'class-validator';
import { CustomerDto } from '../customers/customer.dto.js';

/** One card to many. */
export class MailingDto extends CustomerDto {
  @ApiProperty({ example: 'pt-lisbon' })
  @IsString()
  readonly cityId!: string;

  @ApiProperty({ type: [String], example: ['ann@friends.example', 'bob@friends.example'] })
  @ArrayMinSize(1)
  @ArrayMaxSize(1_000)
  @ArrayUnique()
  @IsEmail({}, { each: true })
  readonly to!: string[];

  @ApiProperty({ example: 'We thank you for your stay. Come again!' })
  @Length(1, 240)
  readonly message!: string;
}
