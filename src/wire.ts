/** The one place that builds adapters and joins them to the use cases is src/wire; this is what of it others may use. */
export { openDoctor } from './wire/doctor.js';
export { createImager } from './wire/imager.js';
export { openTracerFromConfig } from './wire/tracer.js';
