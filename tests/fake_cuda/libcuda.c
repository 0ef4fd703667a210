/* A stand-in for NVIDIA's driver library, found by LD_LIBRARY_PATH. FAKE_CUDA_GPUS: how many GPUs
   it shows. FAKE_CUDA_ERROR: the call that fails, with error 999. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int cuInit(unsigned flags);
int cuDeviceGetCount(int* count);
int cuDeviceGet(int* device, int ordinal);
int cuDeviceGetName(char* name, int length, int device);
int cuDeviceGetUuid(unsigned char* uuid, int device);

static int result(const char* call) {
  const char* failing = getenv("FAKE_CUDA_ERROR");
  return failing != NULL && strcmp(failing, call) == 0 ? 999 : 0;
}

int cuInit(unsigned flags) {
  (void)flags;
  return result("cuInit");
}

int cuDeviceGetCount(int* count) {
  const char* gpus = getenv("FAKE_CUDA_GPUS");
  *count = gpus == NULL ? 0 : atoi(gpus);
  return result("cuDeviceGetCount");
}

/* A device is not its ordinal, so that a caller who confuses them is found out. */
int cuDeviceGet(int* device, int ordinal) {
  *device = 100 + ordinal;
  return result("cuDeviceGet");
}

int cuDeviceGetName(char* name, int length, int device) {
  snprintf(name, (size_t)length, "Fake GPU %d", device - 100);
  return result("cuDeviceGetName");
}

int cuDeviceGetUuid(unsigned char* uuid, int device) {
  for (int i = 0; i < 16; ++i) uuid[i] = (unsigned char)(16 * i + device - 100);
  return result("cuDeviceGetUuid");
}
