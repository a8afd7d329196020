import { describeHistories, describeTaskBroker } from './task-broker.contract.js';
import { openEmbedded } from './task-broker.embedded.js';

describeTaskBroker('embedded', openEmbedded);
describeHistories('embedded', openEmbedded, 200);
