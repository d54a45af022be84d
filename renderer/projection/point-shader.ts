/** GLSL ES 3 of the point cloud. Panning, zooming and transitions change uniforms only. */

export const vertexShader = /* glsl */`
precision highp float;
in vec2 start;
in vec2 goal;
in vec3 color;
in float shape;
in float state;
uniform float progress;
uniform vec2 scale;
uniform vec2 offset;
uniform float diameter;
uniform float wanted;
out vec3 pointColor;
flat out int pointShape;
flat out float pointSize;
out float strength;
void main() {
  // States: 0 plain, 1 selected, 2 dimmed, 3 hidden. Selected points are drawn after the others.
  bool selected = state > 0.5 && state < 1.5;
  if (state > 2.5 || selected != (wanted > 0.5) || goal.x != goal.x) {
    gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
    gl_PointSize = 0.0;
    return;
  }
  vec2 from = start.x != start.x ? goal : start;
  gl_Position = vec4(mix(from, goal, progress) * scale + offset, 0.0, 1.0);
  pointShape = int(shape + 0.5);
  pointColor = color;
  strength = state > 1.5 ? 0.16 : 1.0;
  // Shapes with corners get a little more room to look as large as a circle.
  pointSize = diameter * (selected ? 1.12 : 1.0) * (pointShape == 0 ? 1.0 : 1.18) + 2.0;
  gl_PointSize = pointSize;
}
`

export const fragmentShader = /* glsl */`
precision highp float;
in vec3 pointColor;
flat in int pointShape;
flat in float pointSize;
in float strength;
uniform vec3 surface;
uniform float opacity;
uniform float rim;
out vec4 fragColor;
// Signed distance in pixels, negative inside.
float outline(vec2 p, float r) {
  vec2 a = abs(p);
  if (pointShape == 1) return max(a.x, a.y) - r * 0.84;
  if (pointShape == 2) return max(a.x * 0.866 - p.y * 0.5, p.y) - r * 0.56;
  if (pointShape == 3) return (a.x + a.y) * 0.7071 - r * 0.74;
  if (pointShape == 4) return max(min(a.x, a.y) - r * 0.3, max(a.x, a.y) - r * 0.98);
  if (pointShape == 5) return abs(length(p) - r * 0.72) - r * 0.24;
  return length(p) - r;
}
void main() {
  float r = pointSize * 0.5 - 1.0;
  float d = outline((gl_PointCoord - 0.5) * pointSize, r);
  float cover = clamp(0.5 - d, 0.0, 1.0);
  if (cover <= 0.0) discard;
  // A thin rim in the colour of the surface keeps points apart where they crowd.
  float inner = rim > 0.0 && strength > 0.5 ? clamp(0.5 - (d + rim), 0.0, 1.0) : 1.0;
  fragColor = vec4(mix(surface, pointColor, inner), cover * opacity * strength);
}
`
