import { openEmbedded } from '../contract/task-broker.embedded.js';
import { describeCounterexamples } from './task-model.counterexamples.js';
import { describeTaskModel } from './task-model.describe.js';

describeTaskModel('embedded', openEmbedded, 400);
describeCounterexamples('embedded', openEmbedded);
