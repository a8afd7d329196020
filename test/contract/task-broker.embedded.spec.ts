import { describeTaskBroker } from './task-broker.contract.js';
import { openEmbedded } from './task-broker.embedded.js';

describeTaskBroker('embedded', openEmbedded);
