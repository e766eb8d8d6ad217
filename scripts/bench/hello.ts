/** The baseline for a command: a compiled program that says one word. */
console.log("hello");
