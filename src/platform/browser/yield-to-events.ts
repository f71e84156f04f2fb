/**
 * Lets the page handle its waiting events, messages and drawing. A message channel is used because
 * a timer in a browser waits at least 4 ms.
 */
export function yieldToEvents(): Promise<void> {
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
