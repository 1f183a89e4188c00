/** The product's version, as package.json has it: a Worker cannot read files. */
export const VERSION = '0.1.0';
