// What CLIENT LIST and KILL take, in the notation of declarations.

extension ClientFilter {
    static var listSyntax: StaticString {
        """
        [ID client-id [client-id ...]] [NOT-ID client-id [client-id ...]] [TYPE <NORMAL | MASTER | REPLICA | \
        PUBSUB>] [NOT-TYPE <NORMAL | MASTER | REPLICA | PUBSUB>] [USER username] [NOT-USER username] [ADDR \
        ip:port] [NOT-ADDR ip:port] [LADDR ip:port] [NOT-LADDR ip:port] [IP ip] [NOT-IP ip] [NAME \
        client-name] [NOT-NAME client-name] [LIB-NAME library-name] [NOT-LIB-NAME library-name] [LIB-VER \
        library-version] [NOT-LIB-VER library-version] [FLAGS flags] [NOT-FLAGS flags] [CAPA capabilities] \
        [NOT-CAPA capabilities] [DB database] [NOT-DB database] [SKIPME <YES | NO>] [MAXAGE maxage] [IDLE \
        idle]
        """
    }

    static var killSyntax: StaticString {
        """
        <ip:port | <[ID client-id [client-id ...]] | [NOT-ID client-id [client-id ...]] | [TYPE <NORMAL | \
        MASTER | SLAVE | REPLICA | PUBSUB>] | [NOT-TYPE <NORMAL | MASTER | SLAVE | REPLICA | PUBSUB>] | \
        [USER username] | [NOT-USER username] | [ADDR ip:port] | [NOT-ADDR ip:port] | [LADDR ip:port] | \
        [NOT-LADDR ip:port] | [IP ip] | [NOT-IP ip] | [NAME client-name] | [NOT-NAME client-name] | \
        [LIB-NAME library-name] | [NOT-LIB-NAME library-name] | [LIB-VER library-version] | [NOT-LIB-VER \
        library-version] | [FLAGS flags] | [NOT-FLAGS flags] | [CAPA capabilities] | [NOT-CAPA capabilities] \
        | [DB database] | [NOT-DB database] | [SKIPME <YES | NO>] | [MAXAGE maxage] | [IDLE idle]> ...>
        """
    }
}
