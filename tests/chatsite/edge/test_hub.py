"""The hub hands a frame to every socket of a user, and to no other."""

from chatsite.edge.hub import Hub

ANNA, BEN = 1, 2


class Socket:
    heard_at = 0.0

    def __init__(self, user: int, device: int) -> None:
        self.user_id = user
        self.device_id = device
        self.frames: list[str] = []

    def deliver(self, frame: str) -> None:
        self.frames.append(frame)

    def close(self, code: int, reason: str) -> None: ...


class Fragile(Socket):
    """Leaves the hub when it is told something, as a socket with a full queue does."""

    def __init__(self, user: int, device: int, hub: Hub) -> None:
        super().__init__(user, device)
        self.hub = hub

    def deliver(self, frame: str) -> None:
        super().deliver(frame)
        self.hub.remove(self)


def test_every_socket_of_the_users_gets_the_frame_but_the_one_to_skip() -> None:
    hub = Hub()
    phone, tablet, other, stranger = Socket(ANNA, 1), Socket(ANNA, 2), Socket(BEN, 3), Socket(9, 4)
    for socket in (phone, tablet, other, stranger):
        hub.add(socket)
    hub.deliver([ANNA, BEN, 77], "frame", skip=phone)
    assert [socket.frames for socket in (phone, tablet, other, stranger)] == [[], ["frame"], ["frame"], []]


def test_a_socket_that_leaves_while_it_is_told_keeps_nobody_from_hearing() -> None:
    hub = Hub()
    fragile, sturdy = Fragile(ANNA, 1, hub), Socket(ANNA, 2)
    for socket in (fragile, sturdy):
        hub.add(socket)
    for frame in ("one", "two"):
        hub.deliver([ANNA], frame)
    assert (fragile.frames, sturdy.frames) == (["one"], ["one", "two"])


def test_a_user_is_connected_until_the_last_socket_goes() -> None:
    hub = Hub()
    phone, tablet = Socket(ANNA, 1), Socket(ANNA, 1)
    assert not hub.is_connected(ANNA)
    for socket in (phone, tablet):
        hub.add(socket)
    hub.remove(phone)
    hub.remove(phone)
    assert hub.is_connected(ANNA)
    assert hub.of_device(1) == (tablet,)
    hub.remove(tablet)
    assert not hub.is_connected(ANNA)
    assert (hub.of_device(1), hub.connections()) == ((), [])
