import { TestEnvironment } from 'jest-environment-node';

/** Runs no further test of a file after the first failure: what it says of a fault is said. */
export default class FailFastEnvironment extends TestEnvironment {
  failed = false;

  handleTestEvent(event) {
    if (event.name === 'test_fn_failure' || event.name === 'hook_failure') this.failed = true;
    if (event.name === 'test_start' && this.failed) event.test.mode = 'skip';
  }
}
