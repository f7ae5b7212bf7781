import { ValidateBy, type ValidationArguments } from 'class-validator';
import { AddressGuard } from './address-guard';

/** A configuration field whose entries an {@link AddressGuard} can read. */
export function IsAddressList(): PropertyDecorator {
  const faultOf = (value: unknown): string | undefined => {
    try {
      new AddressGuard({ allowed: value as string[], ownPorts: [] });
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  };
  return ValidateBy({
    name: 'isAddressList',
    validator: {
      validate: (value: unknown) => faultOf(value) === undefined,
      defaultMessage: (given?: ValidationArguments) => faultOf(given?.value) ?? '',
    },
  });
}
