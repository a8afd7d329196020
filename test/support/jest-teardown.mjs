export default async function teardown() {
  await globalThis.depotTestRedis?.stop();
}
