// Ops of ours for TensorFlow on the processor, where its own are slow; `native-convolution.ts` and `native-kernels.ts`
// call them by name. An addon of Node that is loaded after the binding: loading it registers them through TensorFlow's C
// interface. Images are float32 [batch, height, width, channels], contiguous. Every image is the work of one thread, in a
// fixed order, so results do not depend on the number of threads.
#include "native-call.h"
#include "native-first-layer.h"
#include "native-pool.h"
#include "native-sum.h"
#include "native-winners.h"
#include "native-winograd-filter.h"
#include "tensorflow/c/ops.h"

using namespace parapet;

namespace {

const Geometry& geometry_of(void* kernel) { return *static_cast<Geometry*>(kernel); }

// dx of dy and x.
void max_pool_grad(void* kernel, TF_OpKernelContext* context) {
  Call call(context);
  Shape in, out;
  const float* dy = call.input(0, &out);
  const float* x = call.input(1, &in);
  if (dy == nullptr || x == nullptr) return;
  if (in.batch != out.batch || in.channels != out.channels) return call.refuse("dy and x do not fit each other");
  if (float* dx = call.output(in)) max_pool_gradient(geometry_of(kernel), in, out, dy, x, dx);
}

Shape halved(const Shape& shape) { return {shape.batch, shape.height / 2, shape.width / 2, shape.channels}; }
Shape winners_of(const Shape& pooled) {
  return {pooled.batch, pooled.height, pooled.width, bytes_of(pooled.channels) / 4};
}
uint8_t* bytes(int32_t* numbers) { return reinterpret_cast<uint8_t*>(numbers); }
const uint8_t* bytes(const int32_t* numbers) { return reinterpret_cast<const uint8_t*>(numbers); }

// y of x, 2×2, and its winners.
void pool(void*, TF_OpKernelContext* context) {
  Call call(context);
  Shape in;
  const float* x = call.input(0, &in);
  if (x == nullptr) return;
  float* y = call.output(halved(in));
  int32_t* winners = call.second_output(winners_of(halved(in)));
  if (y != nullptr && winners != nullptr) pool_quarters(in, x, y, bytes(winners));
}

// dx of dy and winners; the geometry says how large dx is.
void unpool(void* kernel, TF_OpKernelContext* context) {
  const Geometry& g = geometry_of(kernel);
  Call call(context);
  Shape out, gate;
  const float* dy = call.input(0, &out);
  const int32_t* winners = call.input<int32_t>(1, &gate);
  if (dy == nullptr || winners == nullptr) return;
  const Shape in = {out.batch, g.out_height, g.out_width, out.channels};
  if (!(out == halved(in)) || !(gate == winners_of(out))) return call.refuse("dy, winners and sizes do not fit");
  if (float* dx = call.output(in)) unpool_quarters(in, dy, bytes(winners), dx);
}

bool is_first_layer(const Shape& filter, const Geometry& g) {
  return filter.batch == g.window_height && filter.height == g.window_width &&
         filter.batch * filter.height * filter.width <= kMostTaps;
}

// y = relu(x ∗ filter + bias) of x, filter and bias.
void first_layer_forward(void* kernel, TF_OpKernelContext* context) {
  const Geometry& g = geometry_of(kernel);
  Call call(context);
  Shape in, filter, bias;
  const float* x = call.input(0, &in);
  const float* weights = call.input(1, &filter);
  const float* shift = call.input(2, &bias, 1);
  if (x == nullptr || weights == nullptr || shift == nullptr) return;
  if (!is_first_layer(filter, g) || filter.width != in.channels || filter.channels != bias.channels) {
    return call.refuse("the filter has over 32 taps or does not fit x or the bias");
  }
  const Shape out = {in.batch, g.out_height, g.out_width, filter.channels};
  if (float* y = call.output(out)) first_layer(g, in, out, x, weights, shift, y);
}

// dx of dy and filter, and of a mask where there is one.
template <bool kMasked>
void first_layer_grad(void* kernel, TF_OpKernelContext* context) {
  const Geometry& g = geometry_of(kernel);
  Call call(context);
  Shape out, filter, mask;
  const float* dy = call.input(0, &out);
  const float* weights = call.input(1, &filter);
  const float* y = kMasked ? call.input(2, &mask) : nullptr;
  if (dy == nullptr || weights == nullptr || (kMasked && y == nullptr)) return;
  if (!is_first_layer(filter, g) || filter.channels != out.channels) {
    return call.refuse("the filter has over 32 taps or does not fit dy");
  }
  if (kMasked && !(mask == out)) return call.refuse("the mask does not fit dy");
  const Shape in = {out.batch, g.in_height, g.in_width, filter.width};
  if (float* dx = call.output(in)) first_layer_gradient(g, in, out, dy, y, weights, dx);
}

// The gate that is an input of the gradients of a convolution of 3×3; null, and the call fails, unless it fits dy.
template <Gate kGate>
const void* gate_of(Call& call, int index, const Shape& dy) {
  Shape gate;
  const void* values = kGate == kMask ? static_cast<const void*>(call.input(index, &gate))
                                      : static_cast<const void*>(call.input<int32_t>(index, &gate));
  if (values == nullptr || gate == (kGate == kMask ? dy : winners_of(dy))) return values;
  call.refuse("the mask or the winners do not fit dy");
  return nullptr;
}

// y = x ∗ filter of x and filter; relu(… + bias) with a bias; with `kPooled` the largest of each 2×2, and its winners.
template <bool kRelu, bool kPooled>
void conv_3x3(void* kernel, TF_OpKernelContext* context) {
  const Geometry& g = geometry_of(kernel);
  Call call(context);
  Shape in, filter, bias;
  const float* x = call.input(0, &in);
  const float* weights = call.input(1, &filter);
  const float* shift = kRelu ? call.input(2, &bias, 1) : nullptr;
  if (x == nullptr || weights == nullptr || (kRelu && shift == nullptr)) return;
  if (filter.batch != 3 || filter.height != 3 || filter.width != in.channels) {
    return call.refuse("the filter is not of 3×3 or does not fit x");
  }
  if (kRelu && bias.channels != filter.channels) return call.refuse("the bias does not fit the filter");
  const Convolution c = {in.batch,        in.height, in.width,   in.channels, g.out_height, g.out_width,
                         filter.channels, g.pad_top, g.pad_left, false,       kRelu,        kPooled};
  const Shape out = {in.batch, c.result_height(), c.result_width(), filter.channels};
  float* y = call.output(out);
  int32_t* winners = kPooled ? call.second_output(winners_of(out)) : nullptr;
  if (y == nullptr || (kPooled && winners == nullptr)) return;
  winograd(c, x, kOpen, nullptr, weights, shift, y, bytes(winners));
}

// dx of dy, filter and the gate: dy ∗ the turned filter, padded so that the result is as large as x.
template <Gate kGate>
void conv_3x3_input_grad(void* kernel, TF_OpKernelContext* context) {
  const Geometry& g = geometry_of(kernel);
  Call call(context);
  Shape out, filter;
  const float* dy = call.input(0, &out);
  const float* weights = call.input(1, &filter);
  if (dy == nullptr || weights == nullptr) return;
  const void* gate = kGate == kOpen ? nullptr : gate_of<kGate>(call, 2, out);
  if (kGate != kOpen && gate == nullptr) return;
  const int64_t step = kGate == kWinners ? 2 : 1;
  if (filter.batch != 3 || filter.height != 3 || filter.channels != out.channels ||
      out.height != g.out_height / step || out.width != g.out_width / step) {
    return call.refuse("the filter is not of 3×3 or does not fit dy");
  }
  const Convolution c = {out.batch,    g.out_height,  g.out_width,    out.channels, g.in_height, g.in_width,
                         filter.width, 2 - g.pad_top, 2 - g.pad_left, true,         false,       false};
  float* dx = call.output({out.batch, g.in_height, g.in_width, filter.width});
  if (dx != nullptr) winograd(c, dy, kGate, gate, weights, nullptr, dx, nullptr);
}

// dw of x, dy and the gate.
template <Gate kGate>
void conv_3x3_filter_grad(void* kernel, TF_OpKernelContext* context) {
  const Geometry& g = geometry_of(kernel);
  Call call(context);
  Shape in, out;
  const float* x = call.input(0, &in);
  const float* dy = call.input(1, &out);
  if (x == nullptr || dy == nullptr) return;
  const void* gate = kGate == kOpen ? nullptr : gate_of<kGate>(call, 2, out);
  if (kGate != kOpen && gate == nullptr) return;
  const int64_t step = kGate == kWinners ? 2 : 1;
  if (in.batch != out.batch || out.height != g.out_height / step || out.width != g.out_width / step) {
    return call.refuse("x and dy do not fit each other");
  }
  const Convolution c = {in.batch,     in.height, in.width,   in.channels, g.out_height, g.out_width,
                         out.channels, g.pad_top, g.pad_left, false,       false,        false};
  float* dw = call.output({3, 3, in.channels, out.channels});
  if (dw != nullptr) winograd_filter_gradient(c, x, dy, kGate, gate, dw);
}

// The sum of each channel of dy where mask > 0, [1, 1, 1, channels].
void bias_grad(void*, TF_OpKernelContext* context) {
  Call call(context);
  Shape shape, mask;
  const float* dy = call.input(0, &shape);
  const float* y = call.input(1, &mask);
  if (dy == nullptr || y == nullptr) return;
  if (!(mask == shape)) return call.refuse("the mask does not fit dy");
  if (float* sums = call.output({1, 1, 1, shape.channels})) masked_sum(shape, dy, y, sums);
}

// 1 where a value of x is among the k largest of its image; k is the first number of the geometry.
void winners_mask(void* kernel, TF_OpKernelContext* context) {
  const int64_t k = geometry_of(kernel).window_height;
  Call call(context);
  Shape in;
  const float* x = call.input(0, &in);
  if (x == nullptr) return;
  if (k < 1 || k > in.image()) return call.refuse("k is not from 1 to the number of values of an image");
  if (float* mask = call.output(in)) mask_winners(in, x, k, mask);
}

// The attribute of every op.
void* read_geometry(TF_OpKernelConstruction* construction) {
  auto* geometry = new Geometry();
  TF_Status* status = TF_NewStatus();
  TF_OpKernelConstruction_GetAttrInt32List(construction, "geometry", reinterpret_cast<int32_t*>(geometry),
                                           sizeof(Geometry) / sizeof(int32_t), status);
  if (TF_GetCode(status) != TF_OK) TF_OpKernelConstruction_Failure(construction, status);
  TF_DeleteStatus(status);
  return geometry;
}

void delete_geometry(void* geometry) { delete static_cast<Geometry*>(geometry); }

using List = std::initializer_list<const char*>;

void register_op(const char* name, List inputs, List outputs, void (*compute)(void*, TF_OpKernelContext*)) {
  TF_Status* status = TF_NewStatus();
  TF_OpDefinitionBuilder* op = TF_NewOpDefinitionBuilder(name);
  for (const char* input : inputs) TF_OpDefinitionBuilderAddInput(op, input);
  for (const char* output : outputs) TF_OpDefinitionBuilderAddOutput(op, output);
  TF_OpDefinitionBuilderAddAttr(op, "geometry: list(int)");
  TF_OpDefinitionBuilderSetShapeInferenceFunction(op, &TF_ShapeInferenceContextSetUnknownShape);
  TF_RegisterOpDefinition(op, status);
  TF_RegisterKernelBuilder(name, TF_NewKernelBuilder(name, "CPU", &read_geometry, compute, &delete_geometry), status);
  TF_DeleteStatus(status);
}

}  // namespace

extern "C" void* napi_register_module_v1(void*, void* exports) {
  const char *x = "x: float", *filter = "filter: float", *bias = "bias: float", *y = "y: float", *dx = "dx: float";
  const char *dy = "dy: float", *dw = "dw: float", *winners = "winners: int32";
  register_op("ParapetMaxPoolGrad", {dy, x}, {dx}, &max_pool_grad);
  register_op("ParapetPool", {x}, {y, winners}, &pool);
  register_op("ParapetUnpool", {dy, winners}, {dx}, &unpool);
  register_op("ParapetConvRelu", {x, filter, bias}, {y}, &first_layer_forward);
  register_op("ParapetConvInputGrad", {dy, filter}, {dx}, &first_layer_grad<false>);
  register_op("ParapetConvReluInputGrad", {dy, filter, y}, {dx}, &first_layer_grad<true>);
  register_op("ParapetConv3x3", {x, filter}, {y}, &conv_3x3<false, false>);
  register_op("ParapetConv3x3Relu", {x, filter, bias}, {y}, &conv_3x3<true, false>);
  register_op("ParapetConv3x3ReluPool", {x, filter, bias}, {y, winners}, &conv_3x3<true, true>);
  register_op("ParapetConv3x3InputGrad", {dy, filter}, {dx}, &conv_3x3_input_grad<kOpen>);
  register_op("ParapetConv3x3ReluInputGrad", {dy, filter, y}, {dx}, &conv_3x3_input_grad<kMask>);
  register_op("ParapetConv3x3ReluPoolInputGrad", {dy, filter, winners}, {dx}, &conv_3x3_input_grad<kWinners>);
  register_op("ParapetConv3x3FilterGrad", {x, dy}, {dw}, &conv_3x3_filter_grad<kOpen>);
  register_op("ParapetConv3x3ReluFilterGrad", {x, dy, y}, {dw}, &conv_3x3_filter_grad<kMask>);
  register_op("ParapetConv3x3ReluPoolFilterGrad", {x, dy, winners}, {dw}, &conv_3x3_filter_grad<kWinners>);
  register_op("ParapetWinners", {x}, {"mask: float"}, &winners_mask);
  register_op("ParapetReluBiasGrad", {dy, y}, {"db: float"}, &bias_grad);
  return exports;
}
