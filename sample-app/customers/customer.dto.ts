import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { CUSTOMERS, GUEST } from './customer.js';

const IDS = CUSTOMERS.map(({ id }) => id);

/** What every order of a customer has. */
export class CustomerDto {
  @ApiProperty({ required: false, enum: IDS, default: GUEST.id, description: 'the account that orders' })
  @IsOptional()
  @IsIn(IDS)
  readonly customer: string = GUEST.id;
}
