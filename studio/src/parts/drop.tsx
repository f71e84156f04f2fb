/** Where files come in: dropped anywhere on the page, or chosen. */
import { useEffect, useState } from "preact/hooks";
import { texts } from "../settings.js";
import { receive } from "../state/receive.js";

const t = texts(
  {
    drop: "Drop files here, or choose them",
    kinds: ".prototxt, .caffemodel, data, images, logs",
    over: "Let go to open",
  },
  { drop: "把文件拖到这里，或点击选择", kinds: ".prototxt、.caffemodel、数据、图像、日志", over: "松开即可打开" },
);

export function Drop() {
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    const isFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    const over = (event: DragEvent) => {
      if (!isFiles(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false);
    };
    const drop = (event: DragEvent) => {
      if (!isFiles(event) || !event.dataTransfer) return;
      event.preventDefault();
      setOver(false);
      void receive(event.dataTransfer);
    };
    addEventListener("dragover", over);
    addEventListener("dragleave", leave);
    addEventListener("drop", drop);
    return () => {
      removeEventListener("dragover", over);
      removeEventListener("dragleave", leave);
      removeEventListener("drop", drop);
    };
  }, []);
  return (
    <label class={`drop${isOver ? " over" : ""}`} data-testid="drop">
      <input
        type="file"
        multiple
        class="visually-hidden"
        onChange={({ currentTarget }) => {
          void receive({ files: currentTarget.files ?? [] });
          currentTarget.value = "";
        }}
      />
      <span>{isOver ? t().over : t().drop}</span>
      <small>{t().kinds}</small>
    </label>
  );
}
