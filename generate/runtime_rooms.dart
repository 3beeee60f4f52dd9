
/// Who takes part in a room, as others know it.
final class RoomMember {
  const RoomMember(this.id, this.name);

  factory RoomMember.fromJson(Map<String, dynamic> json) => RoomMember(json['id'] as String, json['name'] as String? ?? '');

  final String id;
  final String name;
}

/// Who takes part in a room: the list has at most 200 of them.
final class RoomMembers {
  const RoomMembers(this.count, this.list);

  factory RoomMembers.fromJson(Map<String, dynamic> json) => RoomMembers(
        (json['count'] as num).toInt(),
        [for (final m in json['list'] as List<dynamic>) RoomMember.fromJson(m as Map<String, dynamic>)],
      );

  final int count;
  final List<RoomMember> list;
}

/// What a member receives: one of these.
final class RoomEvent<S, Out> {
  const RoomEvent(this.id, {this.state, this.outs = const [], this.you, this.members});

  /// To go on after.
  final String id;

  /// Replaces everything that came before.
  final S? state;

  /// What operations of members led to, after the state.
  final List<Out> outs;

  /// The member that this client is.
  final RoomMember? you;
  final RoomMembers? members;
}

final class _Asked {
  _Asked(this.n, this.op);

  final int n;
  final Object? op;
  final answer = Completer<CallAnswer<String>>();
}

/// A client's part in a room. Others see it while there are events.
final class RoomConnection<S, Op, Out> {
  RoomConnection._(this._app, this._path, this._state, this._op, this._out);

  final _Connection _app;
  final String _path;
  final S Function(dynamic json) _state;
  final Object? Function(Op op) _op;
  final Out Function(dynamic json) _out;
  final String _name = _clientName();
  final _closing = Completer<void>();
  final _asked = <_Asked>[];
  var _count = 0;
  var _most = 64; // operations of a request
  var _busy = false;

  /// What happens in the room, also after the connection was cut: it goes on after
  /// the last event, or after the id of an earlier one. It throws a [Problem] if the
  /// app refuses the client.
  Stream<RoomEvent<S, Out>> events({String after = ''}) async* {
    for (var failures = 0; !_closing.isCompleted; failures++) {
      int? wait;
      try {
        final query = {
          'client': [_name],
          if (after != '') 'after': [after],
        };
        final response = await _app.request('GET', _path, query, const {}, null, _closing.future, 'text/event-stream');
        if (!(response.headers['content-type'] ?? '').startsWith('text/event-stream')) {
          throw await _problemOf(response);
        }
        // The app says something every 25 s.
        await for (final message in _messages(response.body.timeout(const Duration(minutes: 1)), (ms) => wait = ms)) {
          if (_closing.isCompleted) return;
          failures = 0;
          after = message.id ?? after;
          final json = jsonDecode(message.data);
          if (message.event == '') {
            yield RoomEvent(after, outs: [for (final out in json as List<dynamic>) _out(out)]);
          } else if (message.event == 'state') {
            yield RoomEvent(after, state: _state(json));
          } else if (message.event == 'you') {
            yield RoomEvent(after, you: RoomMember.fromJson(json as Map<String, dynamic>));
          } else if (message.event == 'members') {
            yield RoomEvent(after, members: RoomMembers.fromJson(json as Map<String, dynamic>));
          }
        }
      } on Problem catch (problem) {
        if (!_passes(problem)) rethrow;
      } on FormatException {
        rethrow;
      } on Exception {
        // The connection was cut.
      }
      final ms = wait;
      await Future.any([_closing.future, Future<void>.delayed(ms == null ? _backOff(failures) : Duration(milliseconds: ms))]);
    }
  }

  /// What came of an operation, with the id of a state that has it. It is sent again
  /// until that is known, and has its effect once. Operations are done in their
  /// order. After [close] the status is 0, and it may have been done.
  Future<CallAnswer<String>> send(Op op) {
    final json = _op(op);
    if (utf8.encode(jsonEncode(json)).length > 32 << 10) { // more than any room takes
      const problem = Problem(status: 413, title: 'ClientRequest Entity Too Large', detail: 'The operation is too large.');
      return Future.value(const Failed<String>(413, problem));
    }
    final asked = _Asked(++_count, json);
    _asked.add(asked);
    if (_closing.isCompleted) {
      _end();
    } else {
      _pump();
    }
    return asked.answer.future;
  }

  /// Leaves the room.
  void close() {
    if (_closing.isCompleted) return;
    _closing.complete();
    _end();
  }

  void _end() => _fail([..._asked], const Problem(status: 0, title: 'The room was closed before it was known what came of the operation'));

  void _fail(List<_Asked> all, Problem problem) {
    for (final asked in all) {
      _known(asked.n, Failed(problem.status, problem));
    }
  }

  void _known(int n, CallAnswer<String> answer) {
    for (final asked in [..._asked]) {
      if (asked.n == n) {
        _asked.remove(asked);
        asked.answer.complete(answer);
      }
    }
  }

  /// Sends what is asked, one request after another, so that the order is kept.
  Future<void> _pump() async {
    if (_busy) return;
    _busy = true;
    for (var failures = 0; _asked.isNotEmpty;) {
      final batch = _asked.take(_most).toList();
      try {
        await _post(batch);
        failures = 0;
        _most = _most * 2 < 64 ? _most * 2 : 64;
        continue;
      } on Problem catch (problem) {
        if (!_passes(problem)) {
          _fail(batch, problem);
          continue;
        }
        if (problem.status == 429 && _most > 1) _most = _most ~/ 2; // there may be more than are allowed at once
      } on Exception {
        // Nothing is known of them.
      }
      await Future.any([_closing.future, Future<void>.delayed(_backOff(failures++))]);
    }
    _busy = false;
  }

  Future<void> _post(List<_Asked> batch) async {
    const patience = Duration(seconds: 30);
    final body = {
      'client': _name,
      'ops': [
        for (final asked in batch) {'n': asked.n, 'op': asked.op},
      ],
    };
    final response = await _app.request('POST', _path, const {}, const {}, body, _closing.future, 'application/json').timeout(patience);
    if (response.status != 200) throw await _problemOf(response);
    final json = jsonDecode(await utf8.decodeStream(response.body).timeout(patience)) as Map<String, dynamic>;
    for (final result in json['results'] as List<dynamic>) {
      final r = result as Map<String, dynamic>;
      final n = (r['n'] as num).toInt();
      if (r['problem'] == null) {
        _known(n, Ok(200, r['at'] as String? ?? ''));
      } else {
        final problem = Problem.fromJson(r['problem'] as Map<String, dynamic>);
        _known(n, Failed(problem.status, problem));
      }
    }
  }
}

final _random = Random.secure();

/// Half a second, and twice as long after each failure up to 30 s, more or less.
Duration _backOff(int failures) {
  final most = 500 * (1 << (failures < 6 ? failures : 6));
  return Duration(milliseconds: ((most < 30000 ? most : 30000) * (0.5 + _random.nextDouble())).round());
}

String _clientName() => [for (var i = 0; i < 16; i++) _random.nextInt(256).toRadixString(16).padLeft(2, '0')].join();
