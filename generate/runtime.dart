import 'dart:convert';

/// Sends a request: over package http, for example. It completes with the
/// response as soon as its headers have arrived.
typedef ClientSend = Future<ClientResponse> Function(ClientRequest request);

final class ClientRequest {
  const ClientRequest(this.method, this.url, this.headers, this.body, this.cancel);

  final String method;
  final Uri url;
  final Map<String, String> headers;
  final List<int>? body;

  /// Ends the request when it completes.
  final Future<void>? cancel;
}

final class ClientResponse {
  const ClientResponse(this.status, this.headers, this.body);

  final int status;

  /// By names in lower case.
  final Map<String, String> headers;
  final Stream<List<int>> body;
}

/// What a call returns: [Ok], or [Failed] if the app refused it.
sealed class CallAnswer<T> {
  const CallAnswer(this.status);

  final int status;
}

final class Ok<T> extends CallAnswer<T> {
  const Ok(super.status, this.data);

  final T data;
}

final class Failed<T> extends CallAnswer<T> {
  const Failed(super.status, this.problem);

  final Problem problem;
}

/// Why a call failed (RFC 9457). It is thrown by streams that the app refused.
final class Problem implements Exception {
  const Problem({required this.status, required this.title, this.detail, this.id, this.errors = const []});

  factory Problem.fromJson(Map<String, dynamic> json) => Problem(
        status: json['status'] as int,
        title: json['title'] as String,
        detail: json['detail'] as String?,
        id: json['id'] as String?,
        errors: [
          for (final e in (json['errors'] as List<dynamic>?) ?? <dynamic>[]) FieldError.fromJson(e as Map<String, dynamic>),
        ],
      );

  final int status;
  final String title;
  final String? detail;

  /// The name of the record in the app's log.
  final String? id;

  /// An entry for each field that was refused.
  final List<FieldError> errors;

  @override
  String toString() => '$status $title: ${detail ?? errors.join('; ')}';
}

final class FieldError {
  const FieldError(this.pointer, this.detail, {this.code, this.limit});

  factory FieldError.fromJson(Map<String, dynamic> json) =>
      FieldError(json['pointer'] as String, json['detail'] as String, code: json['code'] as String?, limit: json['limit'] as String?);

  /// RFC 6901: /steps/0/text.
  final String pointer;
  final String detail;

  /// The check that failed, such as "min", and its limit.
  final String? code;
  final String? limit;

  @override
  String toString() => '$pointer $detail';
}

/// An event of a stream. A snapshot replaces everything that came before.
final class StreamItem<T> {
  const StreamItem(this.id, this.data, {required this.snapshot});

  final String id;
  final T data;
  final bool snapshot;
}

/// A file that is uploaded.
final class FormFile {
  const FormFile(this.name, this.bytes, {this.contentType = 'application/octet-stream'});

  final String name;
  final List<int> bytes;
  final String contentType;
}

final class _Connection {
  const _Connection(this.url, this.send, this.headers);

  final String url;
  final ClientSend send;
  final Map<String, String> headers;

  Future<ClientResponse> request(String method, String path, Map<String, List<Object?>> query, Map<String, List<Object?>> more, Object? body, Future<void>? cancel, String accept) {
    final all = {...headers, 'accept': accept, for (final h in more.entries) if (h.value.isNotEmpty) h.key: h.value.join(', ')};
    List<int>? bytes;
    if (body is _Form) {
      all['content-type'] = 'multipart/form-data; boundary=${_Form.boundary}';
      bytes = body.bytes();
    } else if (body != null) {
      all['content-type'] = 'application/json';
      bytes = utf8.encode(jsonEncode(body));
    }
    final search = [
      for (final q in query.entries)
        for (final value in q.value) '${Uri.encodeQueryComponent(q.key)}=${Uri.encodeQueryComponent('$value')}',
    ].join('&');
    final base = url.endsWith('/') ? url.substring(0, url.length - 1) : url;
    return send(ClientRequest(method, Uri.parse('$base$path${search == '' ? '' : '?$search'}'), all, bytes, cancel));
  }

  Future<CallAnswer<T>> call<T>(String method, String path, T Function(dynamic json)? read,
      {Map<String, List<Object?>> query = const {}, Map<String, List<Object?>> headers = const {}, Object? body, Future<void>? cancel}) async {
    final response = await request(method, path, query, headers, body, cancel, 'application/json');
    final isJson = (response.headers['content-type'] ?? '').startsWith('application/json');
    if (response.status >= 300 || read != null && !isJson) {
      return Failed(response.status, await _problemOf(response));
    }
    final text = await utf8.decodeStream(response.body);
    return Ok(response.status, read == null ? null as T : read(jsonDecode(text)));
  }

  /// Events, also after the connection was cut: it goes on after the last one.
  Stream<StreamItem<T>> stream<T>(String path, T Function(dynamic json) read,
      {required String after, Map<String, List<Object?>> query = const {}, Map<String, List<Object?>> headers = const {}, Future<void>? cancel}) async* {
    var wait = 1000;
    var cancelled = false;
    cancel?.then((_) => cancelled = true);
    for (var failures = 0; !cancelled; failures++) {
      try {
        final all = {...query, if (after != '') 'after': [after]};
        final response = await request('GET', path, all, headers, null, cancel, 'text/event-stream');
        if (!(response.headers['content-type'] ?? '').startsWith('text/event-stream')) {
          throw await _problemOf(response);
        }
        await for (final message in _messages(response.body, (ms) => wait = ms)) {
          failures = 0;
          if (message.event == 'end') return;
          final json = jsonDecode(message.data);
          if (message.event == 'problem') throw Problem.fromJson(json as Map<String, dynamic>);
          after = message.id ?? after;
          yield StreamItem(after, read(json), snapshot: message.event == 'snapshot');
        }
      } on Problem catch (problem) {
        if (!_passes(problem)) rethrow;
      } on FormatException {
        rethrow;
      } on Exception {
        // The connection was cut.
      }
      final grown = wait * (1 << (failures < 6 ? failures : 6));
      final most = wait > 30000 ? wait : 30000;
      await Future<void>.delayed(Duration(milliseconds: grown < most ? grown : most));
    }
  }
}

/// A server-sent event.
final class _Message {
  const _Message(this.event, this.data, this.id);

  final String event;
  final String data;
  final String? id;
}

Stream<_Message> _messages(Stream<List<int>> body, void Function(int ms) retry) async* {
  var event = '';
  String? id;
  final data = <String>[];
  await for (final line in body.transform(utf8.decoder).transform(const LineSplitter())) {
    final colon = line.indexOf(':');
    final field = colon < 0 ? line : line.substring(0, colon);
    var content = colon < 0 ? '' : line.substring(colon + 1);
    if (content.startsWith(' ')) content = content.substring(1);
    if (line == '') {
      if (data.isNotEmpty) yield _Message(event, data.join('\n'), id);
      event = '';
      data.clear();
    } else if (field == 'event') {
      event = content;
    } else if (field == 'data') {
      data.add(content);
    } else if (field == 'id' && !content.contains('\u0000')) {
      id = content;
    } else if (field == 'retry') {
      final ms = int.tryParse(content);
      if (ms != null) retry(ms);
    }
  }
}

/// Whether it may work later.
bool _passes(Problem problem) => problem.status >= 500 || problem.status == 408 || problem.status == 429;

Future<Problem> _problemOf(ClientResponse response) async {
  final text = await utf8.decodeStream(response.body);
  if ((response.headers['content-type'] ?? '').startsWith('application/problem+json')) {
    return Problem.fromJson(jsonDecode(text) as Map<String, dynamic>);
  }
  return Problem(status: response.status, title: 'The answer is not JSON');
}

/// A value as a part of a path; rest is one that stands for several segments.
String _segment(Object value, {bool rest = false}) {
  final all = rest ? '$value'.split('/') : ['$value'];
  for (final s in all) {
    if (s == '' && !rest || s == '.' || s == '..') throw ArgumentError.value(value, 'input', 'cannot be a part of a path');
  }
  return all.map(Uri.encodeComponent).join('/');
}

/// A form with files.
final class _Form {
  const _Form(this.value);

  static const boundary = '-gorgon-e2f1c07a5b9d4c38-';
  final Map<String, dynamic> value;

  List<int> bytes() {
    final out = <int>[];
    _add(out, '', value);
    return out..addAll(utf8.encode('--$boundary--\r\n'));
  }

  /// Adds a value under a name that is a path: steps.0.text.
  void _add(List<int> out, String name, Object? value) {
    String under(String key) => name == '' ? key : '$name.$key';
    if (value is Map<String, dynamic>) {
      for (final e in value.entries) {
        _add(out, under(e.key.replaceAll('~', '~0').replaceAll('.', '~1')), e.value);
      }
    } else if (value is List) {
      for (final (i, e) in value.indexed) {
        _add(out, e is Map || e is List ? under('$i') : name, e);
      }
    } else {
      final quoted = name.replaceAll('"', '%22');
      final file = value is FormFile ? value : null;
      final about = file == null ? '' : '; filename="${file.name.replaceAll('"', '%22')}"\r\ncontent-type: ${file.contentType}';
      out.addAll(utf8.encode('--$boundary\r\ncontent-disposition: form-data; name="$quoted"$about\r\n\r\n'));
      out.addAll(file?.bytes ?? utf8.encode('$value'));
      out.addAll(utf8.encode('\r\n'));
    }
  }
}
