import { ApiProperty } from '@nestjs/swagger';
import { IsEmail, IsString, Length } from 'class-validator';

export class PostcardDto {
  @ApiProperty({ example: 'pt-lisbon' })
  @IsString()
  readonly cityId!: string;

  @ApiProperty({ example: 'ann@friends.example' })
  @IsEmail()
  readonly to!: string;

  @ApiProperty({ example: 'The trams are yellow and so are the pastries. Wish you were here!' })
  @Length(1, 240)
  readonly message!: string;
}
