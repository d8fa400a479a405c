// One call of an op through TensorFlow's C interface.
#pragma once
#include "native-common.h"
#include "tensorflow/c/kernels.h"
#include "tensorflow/c/tf_tensor.h"

namespace parapet {

// The inputs of a call and its outputs, released at the end.
class Call {
 public:
  explicit Call(TF_OpKernelContext* context) : context_(context), status_(TF_NewStatus()) {}
  Call(const Call&) = delete;
  ~Call() {
    if (TF_GetCode(status_) != TF_OK) TF_OpKernelContext_Failure(context_, status_);
    for (TF_Tensor* tensor : tensors_) TF_DeleteTensor(tensor);
    TF_DeleteStatus(status_);
  }
  // Null, and the call fails, unless the input has as many dimensions: 4 or 1. Numbers of 32 bits.
  template <typename Value = float>
  const Value* input(int index, Shape* shape, int dimensions = 4) {
    TF_Tensor* tensor = nullptr;
    TF_GetInput(context_, index, &tensor, status_);
    if (TF_GetCode(status_) != TF_OK) return nullptr;
    tensors_.push_back(tensor);
    if (TF_NumDims(tensor) != dimensions) {
      refuse("an input has not as many dimensions as it should");
      return nullptr;
    }
    if (dimensions == 1) *shape = {1, 1, 1, TF_Dim(tensor, 0)};
    else *shape = {TF_Dim(tensor, 0), TF_Dim(tensor, 1), TF_Dim(tensor, 2), TF_Dim(tensor, 3)};
    return static_cast<const Value*>(TF_TensorData(tensor));
  }
  // Null where the memory cannot be had.
  float* output(const Shape& shape) { return static_cast<float*>(allocate(0, TF_FLOAT, shape)); }
  // The second output, of whole numbers of 32 bits.
  int32_t* second_output(const Shape& shape) { return static_cast<int32_t*>(allocate(1, TF_INT32, shape)); }
  void refuse(const char* reason) { TF_SetStatus(status_, TF_INVALID_ARGUMENT, reason); }

 private:
  void* allocate(int index, TF_DataType type, const Shape& shape) {
    const int64_t dimensions[] = {shape.batch, shape.height, shape.width, shape.channels};
    const size_t bytes = shape.batch * shape.image() * sizeof(float);
    TF_Tensor* tensor = TF_AllocateOutput(context_, index, type, dimensions, 4, bytes, status_);
    if (TF_GetCode(status_) != TF_OK) return nullptr;
    tensors_.push_back(tensor);
    return TF_TensorData(tensor);
  }
  TF_OpKernelContext* context_;
  TF_Status* status_;
  std::vector<TF_Tensor*> tensors_;
};

}  // namespace parapet
