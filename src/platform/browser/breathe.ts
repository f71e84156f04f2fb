/**
 * Lets everything else that waits have its turn: events, messages, drawing. Through a message channel,
 * as browsers make a timer wait 4 ms at least.
 */
export function breathe(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener("message", () => {
      port1.close();
      resolve();
    });
    port1.start();
    port2.postMessage(undefined);
  });
}
