import Engine

/// What a crash report tells about the server and its clients. A crashed process cannot
/// gather it any more, so it is renewed every few seconds.
public enum CrashFacts {
    /// Clients that are listed.
    private static var clientLimit: Int { 100 }

    /// INFO's sections and CLIENT LIST, under the headings that Redis's reports have.
    public static func text(_ context: inout CommandContext) -> [UInt8] {
        var text = [UInt8]("------ INFO OUTPUT ------\n" + Administration.infoForReport(&context))
        text += [UInt8]("\n------ CLIENT LIST OUTPUT ------\n")
        let lines = ClientLines(context)
        for number in context.clients.someNumbers(clientLimit) {
            _ = context.withSession(number: number) { text += lines.line(of: $0) + [10] }
        }
        let more = context.clients.count - clientLimit
        if more > 0 { text += [UInt8]("... and \(more) more\n") }
        return text
    }
}
