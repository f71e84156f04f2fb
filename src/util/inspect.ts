/** The method that Node's `console.log` calls to show an object. Elsewhere it has no meaning. */
export const inspectKey: unique symbol = Symbol.for("nodejs.util.inspect.custom") as never;
