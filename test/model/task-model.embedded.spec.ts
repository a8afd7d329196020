import { openEmbedded } from '../contract/task-broker.embedded.js';
import { describeTaskModel } from './task-model.describe.js';

describeTaskModel('embedded', openEmbedded, 700);
