/** Whether something has the shape that the page can draw: what stands in it is the service's to judge. */

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const isNamed = (value) => isObject(value) && typeof value.name === "string" && value.name !== "";
const isComponent = (value) => isNamed(value) && typeof value.profile === "string"
  && (value.parameters === undefined || isObject(value.parameters))
  && (value.geometry === undefined || Array.isArray(value.geometry));
const isImage = (value) => isObject(value) && "data" in value && (value.mask_shapes === undefined || Array.isArray(value.mask_shapes));

export const isRequest = (value) => isObject(value)
  && Array.isArray(value.images) && value.images.length > 0 && value.images.every(isImage)
  && Array.isArray(value.components) && value.components.length > 0 && value.components.every(isComponent)
  && (value.stages === undefined || (Array.isArray(value.stages) && value.stages.every(isObject)))
  && (value.constraints === undefined || (Array.isArray(value.constraints) && value.constraints.every(isObject)));
