// SPDX-License-Identifier: GPL-2.0-only
// Where the kernel enters: C linkage outside, objects and Results inside.
#include "kshim/entry.h"

#include "driver/frontend.hpp"

namespace xen_front {
namespace {

Frontend *frontend_of(kshim_xenbus_device *device)
{
    return static_cast<Frontend *>(XenbusDevice(device).context());
}

Stream *to_stream(void *stream)
{
    return static_cast<Stream *>(stream);
}

} // namespace
} // namespace xen_front

using namespace xen_front;

void *xen_front_load()
{
    auto shared = Box<Shared>::create();
    return shared.is_error() ? nullptr : shared.value().release();
}

void xen_front_unload(void *driver)
{
    Box<Shared> shared(static_cast<Shared *>(driver));
    shared->cards.wait_for_none();
}

int xen_front_probe(kshim_xenbus_device *device, void *driver)
{
    auto frontend = Box<Frontend>::create(XenbusDevice(device), *static_cast<Shared *>(driver));
    if (frontend.is_error())
        return to_errno(frontend.error());
    frontend.value()->start();
    XenbusDevice(device).set_context(frontend.value().release());
    return 0;
}

void xen_front_backend_changed(kshim_xenbus_device *device, unsigned int state)
{
    frontend_of(device)->backend_changed(static_cast<wire::XenbusState>(state));
}

void xen_front_resume(kshim_xenbus_device *device)
{
    frontend_of(device)->resume();
}

void xen_front_suspend(kshim_xenbus_device *device)
{
    frontend_of(device)->suspend();
}

void xen_front_shutdown(kshim_xenbus_device *device)
{
    frontend_of(device)->shut_down();
}

void xen_front_remove(kshim_xenbus_device *device)
{
    Box<Frontend> frontend(frontend_of(device));
    XenbusDevice(device).set_context(nullptr);
}

void xen_front_card_released(void *context)
{
    Box<Card> card(static_cast<Card *>(context));
}

void xen_front_card_show(void *context, kshim_proc_text *text)
{
    ProcText out(text);
    static_cast<Card *>(context)->show(out);
}

int xen_front_pcm_open(void *pcm, kshim_direction direction, unsigned int number,
                       kshim_substream *substream, void **result)
{
    const auto *device = static_cast<const PcmDevice *>(pcm);
    Stream *stream = device->card->find_stream(
        device->index, direction == KSHIM_PLAYBACK ? StreamType::Playback : StreamType::Capture,
        number);
    if (stream == nullptr)
        return to_errno(Error::NoDevice);
    // The rules that constrain() adds already carry the stream.
    *result = stream;
    return stream->open(Substream(substream)).status();
}

int xen_front_pcm_close(void *stream)
{
    to_stream(stream)->close();
    return 0;
}

int xen_front_pcm_refine(void *stream, kshim_pcm_ranges *ranges)
{
    return to_stream(stream)->refine(*ranges).status();
}

int xen_front_pcm_hw_params(void *stream, size_t buffer_bytes)
{
    return to_stream(stream)->hw_params(buffer_bytes).status();
}

int xen_front_pcm_hw_free(void *stream)
{
    to_stream(stream)->hw_free();
    return 0;
}

int xen_front_pcm_prepare(void *stream)
{
    return to_stream(stream)->prepare().status();
}

int xen_front_pcm_trigger(void *stream, kshim_trigger command)
{
    return to_stream(stream)->trigger(command).status();
}

int xen_front_pcm_sync_stop(void *stream)
{
    to_stream(stream)->sync_stop();
    return 0;
}

uint32_t xen_front_pcm_pointer(void *stream)
{
    return to_stream(stream)->pointer();
}

bool xen_front_pcm_get_time(void *stream, kshim_pcm_time *time)
{
    return to_stream(stream)->get_time(*time);
}

int xen_front_pcm_ack(void *stream)
{
    return to_stream(stream)->ack().status();
}

void xen_front_control_get(void *control, uint32_t *values)
{
    const auto *ours = static_cast<const MixerControl *>(control);
    ours->stream->mixer().get(ours->kind, values);
}

int xen_front_control_put(void *control, const uint32_t *values)
{
    const auto *ours = static_cast<const MixerControl *>(control);
    return ours->stream->put_control(ours->kind, values);
}
