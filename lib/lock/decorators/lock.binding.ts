import { MethodMarks } from '../../common/decorators/method.marks.js';
import { ObjectSlot } from '../../common/decorators/object.slot.js';
import { LockService } from '../lock.service.js';

/** Whose locks an object with locked methods uses. */
export const LOCKS = new ObjectSlot('nestjs-depot.locks', LockService);

/** The title of each `@Locked`. */
export const lockedMarks = new MethodMarks<string>('nestjs-depot:locked-marks');
