/** What the page says, at its foot. Errors are announced at once, all else when the reader pauses. */
import { texts } from "../settings.js";
import { dismiss, messages } from "../state/messages.js";
import { Icon } from "./icons.js";

const t = texts({ close: "Close this message", region: "Messages" }, { close: "关闭这条消息", region: "消息" });

export function Messages() {
  return (
    <div class="messages" data-testid="message" role="log" aria-live="polite" aria-label={t().region}>
      {messages.value.map(({ id, severity, text }) => (
        <div key={id} class={`message ${severity}`} role={severity === "error" ? "alert" : undefined}>
          <p>{text}</p>
          <button type="button" class="plain" aria-label={t().close} onClick={() => dismiss(id)}>
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  );
}
